// Shows a text of the model: paragraphs as they are, and blocks of code between fences. Text is only ever set as text, so nothing in it can
// become markup.

const FENCE = /^\s*```\s*([\w+#.-]*)\s*$/;

/** Parts of a text, in order. A block of code that has not ended yet is one too. */
export function partsOf(text) {
  const parts = [];
  let code = null;
  let lines = [];
  const flush = () => {
    const content = code === null ? lines.join('\n').replace(/^\n+|\n+$/g, '') : lines.join('\n');
    if (content || code !== null)
      parts.push({ code, content });
    lines = [];
  };
  for (const line of text.split('\n')) {
    const fence = FENCE.exec(line);
    if (fence && (code === null || fence[1] === '')) {
      flush();
      code = code === null ? fence[1] : null;
    } else {
      lines.push(line);
    }
  }
  flush();
  return parts;
}

/** Makes an element show a text. What it shows already stays, so a text that grows costs its last part only. */
export function show(element, text) {
  const parts = partsOf(text);
  parts.forEach((part, i) => {
    const tag = part.code === null ? 'P' : 'PRE';
    let child = element.children[i];
    if (child?.tagName !== tag) {
      const made = document.createElement(tag);
      if (child)
        child.replaceWith(made);
      else
        element.append(made);
      child = made;
    }
    if (part.code !== null)
      child.dataset.language = part.code;
    if (child.textContent !== part.content)
      child.textContent = part.content;
  });
  while (element.children.length > parts.length)
    element.lastElementChild.remove();
}
