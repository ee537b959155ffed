/** Sends the forms of a browsable page as JSON, and shows the page that comes back. */

/** Leave out the query parameters that have no value: an empty number would be an error. */
document.addEventListener('formdata', ({ target, formData }) => {
  const form = /** @type {HTMLFormElement} */ (target);
  if (form.method !== 'get') return;
  for (const [name, value] of [...formData]) if (!value) formData.delete(name);
});

document.addEventListener('submit', (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (!('api' in form.dataset)) return;
  event.preventDefault();
  if (form.ariaBusy) return; // a second click would send it twice
  form.ariaBusy = 'true';
  const button = /** @type {HTMLButtonElement} */ (event.submitter);
  send(form, button.value)
    .catch((error) => show(`The request failed: ${error.message}`))
    .finally(() => (form.ariaBusy = null));
});

/**
 * Return the JSON of a form. A field that is empty and not required is left out: in a PUT that is
 * the password, which then stays.
 * @param {HTMLFormElement} form
 */
function body(form) {
  const fields = /** @type {NodeListOf<HTMLInputElement>} */ (
    form.querySelectorAll('input[id], textarea[id]')
  );
  if (fields[0]?.name === 'raw') return fields[0].value;
  const given = [...fields].filter((field) => field.value || field.required);
  return JSON.stringify(Object.fromEntries(given.map((field) => [field.name, field.value])));
}

/**
 * @param {HTMLFormElement} form
 * @param {string} method
 */
async function send(form, method) {
  const token = form.elements.namedItem('csrfmiddlewaretoken');
  const { value } = /** @type {HTMLInputElement} */ (token);
  const response = await fetch(form.action, {
    method,
    headers: { 'Accept': 'text/html', 'Content-Type': 'application/json', 'X-CSRFToken': value },
    body: method === 'DELETE' ? undefined : body(form),
  });
  const text = await response.text();
  if (!response.headers.get('Content-Type')?.startsWith('text/html')) return show(text);
  const page = new DOMParser().parseFromString(text, 'text/html');
  if (!response.ok) {
    const field = form.querySelector('input[id], textarea[id]');
    // The page that comes back to a session that has ended has no form: stay on this one.
    if (field && !page.getElementById(field.id)) {
      return show(page.querySelector('.answer pre')?.textContent ?? text);
    }
    keep(form, page);
  }
  document.body.replaceWith(page.body);
  const target = document.querySelector('[aria-invalid]') ?? document.querySelector('.answer pre');
  /** @type {HTMLElement | null} */ (target)?.focus();
}

/**
 * Keep what was typed and is not part of the page that comes back: passwords, and a broken body.
 * @param {HTMLFormElement} form
 * @param {Document} page
 */
function keep(form, page) {
  for (const old of form.querySelectorAll('input[type=password], textarea')) {
    const field = page.getElementById(old.id);
    if (!field) continue;
    /** @type {HTMLInputElement} */ (field).value = /** @type {HTMLInputElement} */ (old).value;
    const details = field.closest('details');
    if (details) details.open = true;
  }
}

/**
 * Show an answer that is not a page, such as one of nginx.
 * @param {string} text
 */
function show(text) {
  const section = document.querySelector('.answer') ?? document.createElement('section');
  const answer = section.querySelector('pre') ?? document.createElement('pre');
  if (!section.isConnected) document.querySelector('main')?.append(section);
  if (!answer.isConnected) section.append(answer);
  section.className = 'answer';
  answer.tabIndex = 0;
  answer.textContent = text;
  answer.focus();
}
