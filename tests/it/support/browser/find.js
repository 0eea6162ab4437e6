// Finds what a person would mean by a word on the page: arguments are the kind of thing, its words, and words nearby.
const [kind, words, near] = arguments;
const flat = (text) => (text || '').replace(/\s+/g, ' ').trim();
const seen = (node) => node.getClientRects().length > 0;
let scope = document;
if (near) {
  const parts = [...document.querySelectorAll('tr, li, article, fieldset, section, form, dialog')];
  const fitting = parts.filter((part) => seen(part) && flat(part.textContent).includes(near));
  scope = fitting.sort((one, other) => one.textContent.length - other.textContent.length)[0];
  if (!scope) return null;
}
const all = (selector) => [...scope.querySelectorAll(selector)];
// The words of a label without those of the control inside it.
const said = (label) => {
  const copy = label.cloneNode(true);
  copy.querySelectorAll('input, select, textarea').forEach((inner) => inner.remove());
  return flat(copy.textContent);
};
const best = (candidates, text) => candidates.find((one) => text(one) === words)
  || candidates.find((one) => text(one).startsWith(words)) || candidates.find((one) => text(one).includes(words)) || null;
if (kind === 'field') {
  const label = best(all('label').filter((one) => one.control), said);
  return label ? label.control : best(all('[aria-label]').filter((one) => 'value' in one), (one) => flat(one.getAttribute('aria-label')));
}
if (kind === 'button') {
  return best(all('button, input[type=submit], summary, a.button').filter(seen), (one) => flat(one.textContent || one.value));
}
return best(all('a[href]').filter(seen), (one) => flat(one.textContent));
