/** Draws the OpenAPI document, in the colours that the reader's system has. */

const dark = matchMedia('(prefers-color-scheme: dark)');

/** Follow the system's colours. */
function paint() {
  document.documentElement.classList.toggle('dark-mode', dark.matches);
}

paint();
dark.addEventListener('change', paint);

// @ts-expect-error: the bundle is a script that leaves this name
window.SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#schema',
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
});
