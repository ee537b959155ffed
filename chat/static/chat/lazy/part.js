/** Parts of the page whose html and style are loaded with their module. */

import { make } from '../dom.js'

/** @type {Map<string, Promise<unknown>>} */
const styles = new Map()
const urlOf = (/** @type {string} */ name) => String(new URL(name, import.meta.url))

/**
 * Add a part to the page.
 * @param {string} name of a file in this folder @returns {Promise<HTMLDialogElement>}
 */
export async function addPart(name) {
	const response = await fetch(urlOf(`${name}.html`))
	if (!response.ok) throw new Error(`${name}.html: ${response.status}`)
	const { body } = new DOMParser().parseFromString(await response.text(), 'text/html')
	await addStyle('parts.css')
	return document.body.appendChild(/** @type {HTMLDialogElement} */ (body.firstElementChild))
}

/** @param {string} name of a file in this folder @returns {Promise<unknown>} once it applies */
export function addStyle(name) {
	const style = styles.get(name) ?? loadStyle(name)
	styles.set(name, style)
	return style
}

/** @param {string} name */
const loadStyle = (name) =>
	new Promise((onload, reject) => {
		const onerror = () => {
			styles.delete(name)
			reject(new Error(name))
		}
		const link = { rel: 'stylesheet', href: urlOf(name), onload, onerror }
		document.head.append(make('link', link))
	})
