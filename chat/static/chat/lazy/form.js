/** Forms that show each error under the field that it is about. */

import { make } from '../dom.js'
import { load } from '../lazy.js'

const { countDown } = await load('countdown')

/**
 * @param {HTMLFormElement} form each field is a `.field` with a label and an input
 * @param {() => Promise<void>} act may throw a `Problem`
 * @param {(words: string | Node) => void} showProblem for errors that are about no field
 */
export function setUpForm(form, act, showProblem) {
	/** @type {NodeListOf<HTMLInputElement>} */
	const inputs = form.querySelectorAll('.field input')
	let isBusy = false
	/** Stops the countdown. @type {(() => void) | undefined} */
	let stop

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
	form.oninput = () => void show({})
	form.onreset = () => {
		stop?.()
		show({})
	}

	/** @param {import('../types.js').Problem} problem */
	function refused({ fields, message, retry_after: wait }) {
		if (show(fields ?? {})) return
		if (!wait) return showProblem(message)
		const done = () => showProblem('You can try again now.')
		stop = countDown(wait, 'Too many requests: try again in ', showProblem, done)
	}

	form.onsubmit = async (event) => {
		event.preventDefault()
		const empty = [...inputs].filter(({ value }) => !value.trim())
		const errors = empty.map(({ name }) => [name, ['This cannot be empty.']])
		if (isBusy || show(Object.fromEntries(errors))) return
		isBusy = true
		stop?.()
		showProblem('')
		await act().then(() => form.reset(), refused)
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
