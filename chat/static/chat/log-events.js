/** Events in the log, which load the modules that handle them. */

import { query } from './dom.js'
import { load, use } from './lazy.js'

const KEYS = ['ArrowUp', 'ArrowDown', 'Escape']
const PERSON = '[data-action=person], .author, .avatar, mark'
const log = query('#log')

/** @param {Event} event @returns {HTMLElement | null | undefined} */
const rowOf = ({ target }) => (target instanceof Element ? target.closest('article') : null)

log.addEventListener('pointerover', (event) => {
	const row = rowOf(event)
	if (row) load('action-bar').then(({ addActions }) => addActions(row), () => null)
})
log.addEventListener('focusin', (event) => {
	const row = rowOf(event)
	if (row) use('action-bar', ({ enter }) => enter(row))
})
log.addEventListener('click', (event) => {
	const row = rowOf(event)
	const isOnAction = event.target instanceof Element && event.target.closest('a, button, .editor')
	if (row && !isOnAction) use('action-bar', ({ tap }) => tap(row))
})
log.addEventListener('keydown', (event) => {
	const { key, target } = event
	if (!(target instanceof Element) || !KEYS.includes(key)) return
	if (target !== log && !target.matches('article, .gap button')) return
	event.preventDefault()
	use('action-bar', ({ press }) => press(key, target))
})

// A nickname opens the card of its user.
for (const element of [log, query('#people')]) {
	element.addEventListener('click', ({ target }) => {
		const name = target instanceof Element && target.closest(PERSON)
		const id = name && name.closest('[data-user]')?.getAttribute('data-user')
		if (id) use('person', ({ open }) => open(Number(id)))
	})
}
