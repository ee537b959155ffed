/** The row of one message: an `article` with its author, its time and its text. */

import { make, makeButton, query } from './dom.js'
import { me } from './session.js'
import { users } from './store.js'

const PAUSE = 300
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' })
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'full' })

/** @param {number} userId */
export function makeRow(userId) {
	const row = make(
		'article',
		{},
		make('span', { className: 'avatar', ariaHidden: 'true' }),
		make('header', {}, make('bdi', { className: 'author' }, '…'), ' ', make('time')),
		make('div', { className: 'body', dir: 'auto' }),
		makeButton('edit', 'Edit', 'edit'),
	)
	row.dataset.user = String(userId)
	// The golden angle gives neighbouring ids colours far apart.
	row.style.setProperty('--hue', String((userId * 137.5) % 360))
	showAuthor(row)
	return row
}

/** @param {HTMLElement} row @param {number} seconds Unix time */
export function showTime(row, seconds) {
	const date = new Date(seconds * 1000)
	const properties = { dateTime: date.toISOString(), title: full.format(date) }
	Object.assign(query('time', row), properties).textContent = clock.format(date)
	Object.assign(row.dataset, { at: seconds, day: day.format(date) })
}

/** @param {HTMLElement} row */
export function showAuthor(row) {
	const nickname = users.rows.get(Number(row.dataset.user))?.nickname
	if (!nickname) return
	query('.author', row).textContent = nickname
	query('.avatar', row).textContent = [...nickname][0].toUpperCase()
}

/** @param {HTMLElement} row @param {import('./outbox.js').Item} item not sent yet */
export function showState(row, { source, error }) {
	query('.body', row).textContent = source
	query('.failed', row)?.remove()
	row.dataset.state = error ? 'failed' : 'pending'
	if (!error) return
	const buttons = [makeButton('retry', 'Retry'), makeButton('discard', 'Discard')]
	row.append(make('p', { className: 'failed' }, `Not sent. ${error} `, ...buttons))
}

/** Highlight this user's own messages and mentions. @param {HTMLElement} row */
export function showReader(row) {
	for (const element of [row, ...row.querySelectorAll('mark')]) {
		element.classList.toggle('me', element.dataset.user === String(me()))
	}
}

/**
 * @param {HTMLElement} row @param {HTMLElement} above
 * @returns true if both share an author line
 */
export const follows = ({ dataset: row }, { dataset: above }) =>
	row.user === above.user && Number(row.at) - Number(above.at) < PAUSE
