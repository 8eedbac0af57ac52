/** Text of the document with its two habits: a blank line ends a paragraph, backticks mark code. */
export function Prose({ text }: { text: string }) {
  return (
    <>
      {text.split("\n\n").map((paragraph) => (
        <p>{paragraph.split("`").map((piece, index) => (index % 2 === 1 ? <code>{piece}</code> : piece))}</p>
      ))}
    </>
  );
}
