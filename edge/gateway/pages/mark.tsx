const PADDLES_DEGREES = [0, 45, 90, 135, 180, 225, 270, 315] as const;

const wheel = (
  <g class="mark-wheel">
    <circle cx="16" cy="13.5" r="8" fill="none" stroke="currentColor" stroke-width="1.8" />
    <circle cx="16" cy="13.5" r="1.9" fill="currentColor" />
    {PADDLES_DEGREES.map((degrees) => (
      <path
        d="M16 11.6 V2.2 m-1.7 0 h3.4"
        transform={`rotate(${degrees} 16 13.5)`}
        fill="none"
        stroke="currentColor"
        stroke-width="1.5"
        stroke-linecap="round"
      />
    ))}
  </g>
);

const stream = "M1.5 27.6 q3.6 -3 7.25 0 t7.25 0 t7.25 0 t7.25 0";

/** The mark: a mill wheel above its stream. Decorative; the word beside it carries the name. */
export function Mark({ size }: { size: number }) {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      {wheel}
      <path d={stream} fill="none" stroke="var(--water)" stroke-width="2.2" stroke-linecap="round" />
    </svg>
  );
}

/** The mark as a favicon: a data URL, so that the page needs no second request and no wider policy. */
export const faviconUrl = `data:image/svg+xml,${encodeURIComponent(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke="#14746f" stroke-width="2.4" stroke-linecap="round">` +
    `<circle cx="16" cy="13.5" r="8"/>${PADDLES_DEGREES.map((degrees) => `<path d="M16 13.5V3" transform="rotate(${degrees} 16 13.5)"/>`).join("")}` +
    `<path d="${stream}" stroke="#3aa6c9"/></svg>`,
)}`;
