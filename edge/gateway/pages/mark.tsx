const PADDLES_DEGREES = [0, 30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 330] as const;
const SPOKES_DEGREES = [0, 60, 120] as const;

const stream = "M1.5 28.4 q3.6 -2.8 7.25 0 t7.25 0 t7.25 0 t7.25 0";

/** The mark: a mill wheel above its stream. Decorative; the word beside it carries the name. */
export function Mark({ size }: { size: number }) {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <g class="mark-wheel" fill="none" stroke="currentColor" stroke-linecap="round">
        <circle cx="16" cy="13" r="8.7" stroke-width="1.5" />
        <circle cx="16" cy="13" r="2.1" stroke-width="1.5" />
        {SPOKES_DEGREES.map((degrees) => (
          <path d="M16 10.9 V4.3 M16 15.1 V21.7" transform={`rotate(${degrees} 16 13)`} stroke-width="1" />
        ))}
        {PADDLES_DEGREES.map((degrees) => (
          <path d="M16 6.2 V1.4" transform={`rotate(${degrees} 16 13)`} stroke-width="1.7" />
        ))}
      </g>
      <path d={stream} fill="none" stroke="var(--water)" stroke-width="2" stroke-linecap="round" />
    </svg>
  );
}

/** The mark as a favicon: a data URL, so that the page needs no second request and no wider policy. */
export const faviconUrl = `data:image/svg+xml,${encodeURIComponent(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke="#14746f" stroke-width="2" stroke-linecap="round">` +
    `<circle cx="16" cy="13" r="8.2"/><circle cx="16" cy="13" r="1.6"/>` +
    PADDLES_DEGREES.map((degrees) => `<path d="M16 6V1.6" transform="rotate(${degrees} 16 13)"/>`).join("") +
    `<path d="${stream}" stroke="#3aa6c9"/></svg>`,
)}`;
