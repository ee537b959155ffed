/** Helpers to query and make elements. */

/** @template {HTMLElement} [T=HTMLElement] @param {string} selector @param {ParentNode} root */
export const query = (selector, root = document) => /** @type {T} */ (root.querySelector(selector))

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

/**
 * @param {string} action handled by the list that holds the button
 * @param {string} label @param {string} className
 */
export const makeButton = (action, label, className = '') => {
	const button = make('button', { className }, label)
	button.dataset.action = action
	return button
}

/**
 * Set the height of a box to that of its text, in browsers without `field-sizing`.
 * @param {HTMLTextAreaElement} box
 */
export function grow(box) {
	if (CSS.supports('field-sizing: content')) return
	box.style.height = 'auto'
	box.style.height = `${box.scrollHeight + box.offsetHeight - box.clientHeight}px`
}
