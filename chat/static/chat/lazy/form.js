/** Forms that show each error under the field that it is about. */

import { make } from '../dom.js'

/**
 * @param {HTMLFormElement} form each field is a `.field` with a label and an input
 * @param {() => Promise<void>} act may throw a `Problem`
 * @param {(words: string) => void} showProblem for errors that are about no field
 */
export function setUpForm(form, act, showProblem) {
	/** @type {NodeListOf<HTMLInputElement>} */
	const inputs = form.querySelectorAll('.field input')
	let isBusy = false

	/** @param {Record<string, string[]>} errors by field @returns {boolean} true if there are any */
	function show(errors) {
		const wrong = [...inputs].filter((input) => showError(input, errors[input.name] ?? []))
		wrong[0]?.focus()
		return wrong.length > 0
	}

	for (const input of inputs) {
		const id = `${input.id}-error`
		input.after(make('small', { id, className: 'error' }))
		input.setAttribute('aria-describedby', id)
	}
	form.noValidate = true
	form.oninput = form.onreset = () => void show({})
	form.onsubmit = async (event) => {
		event.preventDefault()
		const empty = [...inputs].filter(({ value }) => !value.trim())
		const errors = empty.map(({ name }) => [name, ['This cannot be empty.']])
		if (isBusy || show(Object.fromEntries(errors))) return
		isBusy = true
		showProblem('')
		await act().then(
			() => form.reset(),
			({ fields, message }) => show(fields ?? {}) || showProblem(message),
		)
		isBusy = false
	}
}

/** @param {HTMLInputElement} input @param {string[]} errors @returns {boolean} true for any */
function showError(input, errors) {
	const label = input.labels?.[0].textContent ?? ''
	const words = errors.join(' ')
	const isNamed = words.toLowerCase().includes(input.name)
	input.ariaInvalid = words ? 'true' : null
	const small = /** @type {Element} */ (input.nextElementSibling)
	small.textContent = isNamed || !words ? words : `${label}: ${words}`
	return !!words
}
