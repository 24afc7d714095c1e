/** A tick on a roll. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <path d="M8 10h9M8 16h5M8 22h4" strokeWidth="2.5" opacity=".6" />
      <path d="m15.5 18.5 3.7 4L25.5 11" strokeWidth="3.2" />
    </svg>
  );
}
