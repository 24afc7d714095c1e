/** For screen readers only. */
export const visuallyHidden = {
  position: 'absolute',
  // With a unit: the theme reads a bare 1 as 100%.
  width: '1px',
  height: '1px',
  margin: '-1px',
  padding: 0,
  border: 0,
  overflow: 'hidden',
  clipPath: 'inset(50%)',
  whiteSpace: 'nowrap',
} as const;
