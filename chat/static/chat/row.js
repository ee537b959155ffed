/** One message in the log: an `article` with its author, its time and its text. */

import { find, make } from './dom.js'
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
		make('header', {}, make('b', { className: 'author' }, '…'), ' ', make('time')),
		make('div', { className: 'body' }),
		make('button', { className: 'edit' }, 'Edit'),
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
	const words = { dateTime: date.toISOString(), title: full.format(date) }
	Object.assign(find('time', row), words).textContent = clock.format(date)
	Object.assign(row.dataset, { at: seconds, day: day.format(date) })
}

/** @param {HTMLElement} row */
export function showAuthor(row) {
	const nickname = users.rows.get(Number(row.dataset.user))?.nickname
	if (!nickname) return
	find('.author', row).textContent = nickname
	find('.avatar', row).textContent = [...nickname][0].toUpperCase()
}

/** @param {HTMLElement} row @param {import('./outbox.js').Item} item not sent yet */
export function showState(row, { source, error }) {
	find('.body', row).textContent = source
	find('.failed', row)?.remove()
	row.dataset.state = error ? 'failed' : 'pending'
	if (!error) return
	const buttons = ['Retry', 'Discard'].map((word) => make('button', {}, word))
	row.append(make('p', { className: 'failed' }, `Not sent. ${error} `, ...buttons))
}

/** Whose message is it, who is mentioned? @param {HTMLElement} row */
export function showReader(row) {
	for (const element of [row, ...row.querySelectorAll('mark')]) {
		element.classList.toggle('me', element.dataset.user === String(me()))
	}
}

/** @param {HTMLElement} row @param {HTMLElement} above whose author's name may do for both */
export const follows = ({ dataset: row }, { dataset: above }) =>
	row.user === above.user && Number(row.at) - Number(above.at) < PAUSE
