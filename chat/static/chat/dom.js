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
 * Make a button of a row, which is no tab stop until the row has the focus.
 * @param {string} action handled by the list that holds the button
 * @param {string} label @param {string} className
 */
export const makeButton = (action, label, className = '') => {
	const button = make('button', { className, tabIndex: -1 }, label)
	button.dataset.action = action
	return button
}

/**
 * Return the text of a box without white space at its end. Half a surrogate pair, which no encoding
 * can hold, becomes U+FFFD.
 * @param {HTMLInputElement | HTMLTextAreaElement} box
 */
export const textOf = (box) => box.value.toWellFormed().trimEnd()

/** On a touch keyboard Enter breaks the line, as there is no Shift+Enter. */
export const hasTouchKeyboard = () => matchMedia('(hover: none) and (pointer: coarse)').matches

/**
 * Return true if a key belongs to an input method. Safari ends the composition before the Enter
 * that confirms it, and marks that Enter only by its key code 229.
 * @param {KeyboardEvent} event
 */
export const isComposing = (event) => event.isComposing || event.keyCode === 229

/**
 * Set the height of a box to that of its text, in browsers without `field-sizing`.
 * @param {HTMLTextAreaElement} box
 */
export function grow(box) {
	if (CSS.supports('field-sizing: content')) return
	box.style.height = 'auto'
	box.style.height = `${box.scrollHeight + box.offsetHeight - box.clientHeight}px`
}
