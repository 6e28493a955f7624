// A whole and its parts: a bar, and below it the parts in words.

/**
 * Shows parts in an element.
 * @param id The element.
 * @param parts Labels and values; what isRest is left empty in the bar.
 * @param format Writes a value.
 * @param whole What all are together, in words.
 */
export function showParts(id, parts, format, whole) {
  const element = document.getElementById(id);
  if (element.children.length === 0)
    element.append(...['div', 'ul', 'p'].map(tag => document.createElement(tag)));
  const [bar, list, sum] = element.children;
  bar.className = 'bar';
  bar.ariaHidden = 'true';
  sum.className = 'quiet';
  fit(bar, 'span', parts.length);
  fit(list, 'li', parts.length);
  parts.forEach((part, i) => {
    const kind = part.isRest ? 'rest' : `part-${i}`;
    bar.children[i].className = kind;
    bar.children[i].style.flexGrow = part.value;
    const item = list.children[i];
    if (item.children.length === 0)
      item.append(...['span', 'span', 'span'].map(tag => document.createElement(tag)));
    item.children[0].className = `swatch ${kind}`;
    item.children[1].textContent = part.label;
    item.children[2].textContent = format(part.value);
  });
  sum.textContent = whole;
}

function fit(parent, tag, count) {
  while (parent.children.length < count)
    parent.append(document.createElement(tag));
  while (parent.children.length > count)
    parent.lastElementChild.remove();
}
