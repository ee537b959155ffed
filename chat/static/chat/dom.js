/** Helpers to find and make elements. */

/** @template {HTMLElement} [T=HTMLElement] @param {string} selector @param {ParentNode} root */
export const find = (selector, root = document) => /** @type {T} */ (root.querySelector(selector))

/**
 * @template {keyof HTMLElementTagNameMap} K @param {K} tag
 * @param {Partial<HTMLElement> & Record<string, unknown>} properties
 * @param {...(Node | string)} children
 */
export function make(tag, properties = {}, ...children) {
	const element = Object.assign(document.createElement(tag), properties)
	element.append(...children)
	return element
}

/** Make it as high as its text, where CSS cannot. @param {HTMLTextAreaElement} box */
export function grow(box) {
	if (CSS.supports('field-sizing: content')) return
	box.style.height = 'auto'
	box.style.height = `${box.scrollHeight + box.offsetHeight - box.clientHeight}px`
}
