/** Parts of the page whose html is loaded with their module. */

/**
 * Add a part to the page.
 * @param {string} name of a file in this folder @returns {Promise<HTMLDialogElement>}
 */
export async function addPart(name) {
	const response = await fetch(new URL(`${name}.html`, import.meta.url))
	if (!response.ok) throw new Error(`${name}.html: ${response.status}`)
	const { body } = new DOMParser().parseFromString(await response.text(), 'text/html')
	return document.body.appendChild(/** @type {HTMLDialogElement} */ (body.firstElementChild))
}
