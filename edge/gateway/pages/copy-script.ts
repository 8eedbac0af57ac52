/** Copy buttons: each copies the text of the element that \`data-copy\` names, or of the \`pre\` beside it. */
export const copyScript = `
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy) ?? button.parentElement.querySelector("pre");
    const label = button.textContent;
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(source);
      button.textContent = "Press Ctrl C";
    }
    setTimeout(() => { button.textContent = label; }, 1600);
  });
}
`;
