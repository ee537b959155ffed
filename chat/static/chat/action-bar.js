/** The actions of each message: a bar in its row, and the keys that move between rows. */

import { focusComposer } from './composer.js'
import { make, makeButton, query } from './dom.js'
import { rights } from './rights.js'
import { me } from './session.js'

const log = query('#log')
const list = query('#list')
const OPENED_BY = ['pointerover', 'focusin', 'click']

/**
 * Give a row the actions that this user may take. Rows of other users get them when the pointer or
 * the focus comes, because it would take long to make them for thousands of rows.
 * @param {HTMLElement} row
 */
export function addActions(row) {
	query('.actions', row)?.remove()
	if (row.dataset.state) return
	const mayWrite = me() && !rights.is_banned
	const isMine = row.dataset.user === String(me())
	const actions = {
		reply: mayWrite && 'Reply',
		link: 'Copy link',
		edit: mayWrite && isMine && 'Edit',
		delete: mayWrite && (isMine || rights.is_staff) && 'Delete',
	}
	const bar = make('div', { className: 'actions' })
	for (const [action, title] of Object.entries(actions)) {
		if (title) bar.append(Object.assign(makeButton(action, title), { title, tabIndex: -1 }))
	}
	// The focus stays in the row or the composer, as on a touch screen it keeps the bar open.
	bar.onmousedown = (event) => event.preventDefault()
	row.append(bar)
}

/** @param {EventTarget | null} target @returns {HTMLElement | null} */
const rowAt = (target) => (target instanceof Element ? target.closest('article') : null)

/** Let Tab reach the buttons of a row, or not. @param {HTMLElement} row @param {number} tabIndex */
function setTabStops(row, tabIndex) {
	for (const button of row.querySelectorAll('button')) button.tabIndex = tabIndex
}

/** Return the rows that are shown. */
const shownRows = () =>
	[...list.querySelectorAll('article')].filter((row) => !row.hidden)

/** @param {-1 | 1} step @param {HTMLElement | null} from null: the last row in the viewport */
function move(step, from) {
	const rows = shownRows()
	const { bottom } = log.getBoundingClientRect()
	const next = from
		? rows[rows.indexOf(from) + step]
		: rows.findLast((row) => row.getBoundingClientRect().top < bottom - 8)
	if (next) {
		next.focus({ preventScroll: true })
		next.scrollIntoView({ block: 'nearest' })
	} else if (step > 0) focusComposer()
}

for (const type of OPENED_BY) {
	list.addEventListener(type, ({ target }) => {
		const row = rowAt(target)
		if (!row) return
		if (!query('.actions', row)) addActions(row)
		if (type === 'focusin') setTabStops(row, 0)
		// A tap moves the focus only in some browsers.
		const isTap = type === 'click' && !row.contains(document.activeElement)
		if (isTap && getSelection()?.isCollapsed) row.focus({ preventScroll: true })
	})
}
list.addEventListener('focusout', ({ target, relatedTarget }) => {
	const row = rowAt(target)
	if (row && rowAt(relatedTarget) !== row) setTabStops(row, -1)
})
log.onkeydown = (event) => {
	const { key, target } = event
	const step = { ArrowUp: /** @type {const} */ (-1), ArrowDown: /** @type {const} */ (1) }[key]
	const row = rowAt(target)
	if (target !== log && target !== row) return
	if (step) move(step, row)
	else if (key === 'Escape') focusComposer()
	else return
	event.preventDefault()
}
