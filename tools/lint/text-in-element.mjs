import ts from 'typescript';

const { TypeFlags } = ts;
const NOTHING =
  TypeFlags.BooleanLike | TypeFlags.Null | TypeFlags.Undefined | TypeFlags.Void | TypeFlags.Never;
const WORDS = TypeFlags.StringLike | TypeFlags.NumberLike;

/**
 * Text beside other children is a text node that React changes or removes by itself. A page
 * translator takes such a node out of the page; alone in its element it is replaced as a whole.
 */
export const textInElement = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      wrap: 'Text beside other children is in an element of its own, for translated pages.',
    },
  },
  create(context) {
    const { parserServices } = context.sourceCode;
    const check = (parent) => {
      const children = parent.children.filter(isShown);
      if (children.length < 2 && parent.type !== 'JSXFragment') return;
      for (const child of children) {
        if (isText(child, parserServices)) context.report({ node: child, messageId: 'wrap' });
      }
    };
    return { JSXElement: check, JSXFragment: check };
  },
};

/** Not a line break of the source, and not a comment. */
function isShown(child) {
  if (child.type === 'JSXText') return /\S/.test(child.value) || !child.value.includes('\n');
  return child.type !== 'JSXExpressionContainer' || child.expression.type !== 'JSXEmptyExpression';
}

function isText(child, services) {
  if (child.type === 'JSXText') return /\S/.test(child.value);
  if (child.type !== 'JSXExpressionContainer') return false;
  return leavesOf(child.expression).some((leaf) => {
    if (leaf.type === 'Literal' && typeof leaf.value === 'string') return /\S/.test(leaf.value);
    const parts = partsOf(services.getTypeAtLocation(leaf)).filter((part) => !isNothing(part));
    return parts.length > 0 && parts.every(({ flags }) => flags & WORDS);
  });
}

/** What an expression may come to: both sides of a choice, the last of `a && b`. */
function leavesOf(expression) {
  if (expression.type === 'ConditionalExpression') {
    return [...leavesOf(expression.consequent), ...leavesOf(expression.alternate)];
  }
  if (expression.type === 'LogicalExpression' && expression.operator === '&&') {
    return leavesOf(expression.right);
  }
  return [expression];
}

const partsOf = (type) => (type.isUnion() ? type.types.flatMap(partsOf) : [type]);

const isNothing = (type) =>
  Boolean(type.flags & NOTHING) ||
  (Boolean(type.flags & TypeFlags.StringLiteral) && type.value === '');
