import { actorName } from './actor-name.js';
import type { ActiveScene, Allowed, Because, PolicyInput, SceneRule } from './policy.js';
import { NOTHING_WITHHELD, SILENT, type Withheld } from './withhold.js';

/** The scene's rule for a template; null: the scene leaves its holders alone. */
export function sceneRuleFor(
  rules: readonly SceneRule[],
  template: string | null,
): SceneRule | null {
  return (
    rules.find(({ from }) => template !== null && from === template) ??
    rules.find(({ from }) => from === '*') ??
    null
  );
}

/** The decision as the room's scene plays it: another template, or the same one silent. */
export function applyScene(
  decision: Allowed,
  { name, scene }: PolicyInput['room'],
  templates: PolicyInput['templates'],
): Allowed {
  const rule = scene && sceneRuleFor(scene.rules, decision.template);
  if (!rule || rule.to === decision.template) return decision;
  const note = (text: string): Because[] => [
    ...decision.because,
    { outcome: 'note', ref: name, rule: 'scene', template: rule.to, text },
  ];
  const who = `The scene “${scene.name}” (${actorName(scene.by, scene.byKind)})`;
  if (rule.to === null) {
    const text = `${who} keeps \`${decision.template}\` silent.`;
    return { ...decision, withheld: SILENT, because: note(text) };
  }
  const state = templates[rule.to];
  if (state?.published == null || state.isArchived) {
    // A scene is there to take: what it cannot give must not leave people with more than it meant.
    const text = `${who} gives \`${rule.to}\`, which cannot be used: silent instead.`;
    return { ...decision, withheld: SILENT, because: note(text) };
  }
  const text = `${who} makes \`${decision.template}\` \`${rule.to}\`.`;
  return {
    ...decision,
    template: rule.to,
    version: state.published,
    played: { template: decision.template, version: decision.version },
    because: note(text),
  };
}

/** What a scene takes from people without a role: only LiveKit says what they may do. */
export function withheldFromUncovered(scene: ActiveScene | null): Withheld {
  const rule = scene && sceneRuleFor(scene.rules, null);
  return rule ? SILENT : NOTHING_WITHHELD;
}
