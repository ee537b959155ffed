/** The composer: the message box with its draft, character count and keys. */

import { grow, hasTouchKeyboard, isComposing, query, textOf } from './dom.js'
import { use } from './lazy.js'
import { showNote } from './status.js'
import { load, save } from './storage.js'

export const DRAFT = 'flack.draft.'
const LIMIT = 10000
const NEAR_LIMIT = 9000
/** What may be completed. */
const BEGUN = /@|:[\w+-]/

/** @type {HTMLFormElement} */
const form = query('#composer')
/** @type {HTMLTextAreaElement} */
const box = query('#message')

let owner = 0
/** @type {typeof import('./lazy/completion.js') | undefined} */
let completion

export const focusComposer = () => box.focus()

/**
 * Show the composer with the draft of a user in this tab.
 * @param {number} user 0 hides it @param {boolean} isBanned true shows why it cannot be used
 */
export function openComposer(user, isBanned) {
	form.hidden = !user
	query('.box', form).hidden = isBanned
	query('#banned').hidden = !isBanned
	if (user === owner) return
	owner = user
	box.value = (owner && load(DRAFT + owner, 'sessionStorage')) || ''
	changed()
}

const complete = () =>
	use('completion', (module) => {
		completion = module
		module.offer()
	})

/** @param {(source: string) => void} send @param {() => void} editLast */
export function setUpComposer(send, editLast) {
	if (hasTouchKeyboard()) box.enterKeyHint = 'enter'
	box.addEventListener('input', () => {
		changed()
		if (completion || BEGUN.test(box.value)) complete()
	})
	box.onchange = changed
	box.onkeydown = (event) => {
		if (isComposing(event) || completion?.completes(event)) return
		if (event.key === 'Enter' && !event.shiftKey) {
			if (hasTouchKeyboard()) return
			form.requestSubmit()
		} else if (event.key === 'ArrowUp' && !box.value) editLast()
		else return
		event.preventDefault()
	}
	form.onsubmit = (event) => {
		event.preventDefault()
		box.focus()
		const source = textOf(box).replace(/^\s*\n/, '')
		const excess = [...source].length - LIMIT
		if (excess > 0) return showNote(`Too long by ${excess}. Send it in parts.`, true)
		if (!source) return
		box.value = ''
		changed()
		showNote('')
		send(source)
	}
}

function changed() {
	grow(box)
	if (owner) save(DRAFT + owner, box.value || null, 'sessionStorage')
	const length = [...box.value].length
	query('#length').textContent = length > NEAR_LIMIT ? `${length} of ${LIMIT} characters` : ''
	query('#length').classList.toggle('error', length > LIMIT)
}
