/** Draws the OpenAPI document, in the colours that the reader's system has. */

const dark = matchMedia('(prefers-color-scheme: dark)');

/** Follow the system's colours. */
function paint() {
  document.documentElement.classList.toggle('dark-mode', dark.matches);
}

paint();
dark.addEventListener('change', paint);

/**
 * Return the document as "Try it out" needs it. Swagger UI sends the first example of every
 * parameter, also of those that exclude each other: optional ones name theirs in the description.
 * An id is that of the newest message, or of its author.
 * @param {any} openapi
 * @param {{id: number, user_id: number} | undefined} newest
 */
function prepare(openapi, newest) {
  for (const [path, operations] of Object.entries(openapi.paths)) {
    for (const operation of Object.values(operations)) {
      for (const parameter of operation.parameters) {
        const [example] = Object.values(parameter.examples ?? {});
        if (parameter.required && parameter.name === 'id' && newest) {
          parameter.example = path.startsWith('/api/users') ? newest.user_id : newest.id;
        } else if (!parameter.required && example) {
          parameter.description += `. For example \`${example.value}\``;
        }
        if (!parameter.required || parameter.example) delete parameter.examples;
      }
    }
  }
  return openapi;
}

export {}; // a module, for the type checker

const found = await fetch(`../messages?limit=1&before=${10n ** 18n}`);
const [newest] = found.ok ? (await found.json()).messages : [];

// @ts-expect-error: the bundle is a script that leaves this name
window.SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#schema',
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  responseInterceptor(/** @type {any} */ response) {
    if (response.url.endsWith('/openapi.json')) {
      response.text = JSON.stringify(prepare(JSON.parse(response.text), newest));
    }
    return response;
  },
  requestInterceptor(/** @type {any} */ request) {
    // A session, which "Sign in" opens, needs the token of a form of this page.
    const field = document.querySelector('[name=csrfmiddlewaretoken]');
    if (field) request.headers['X-CSRFToken'] = /** @type {HTMLInputElement} */ (field).value;
    return request;
  },
});
