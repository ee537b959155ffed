/** The read marker: the scroll position, and the messages that are not read yet. */

import { query } from './dom.js'
import { setNewLine } from './message-list.js'
import { load, save } from './storage.js'

const KEY = 'flack.read'
const NEAR = 48
/** Pixels below the top of the log at which a row is looked for. */
const PROBES = [4, 24, 48, 96]
const root = query('#log')
/** The newest id that was read; 0 on the first visit, when nothing counts as new. */
let last = Number(load(KEY))
let size = 0
/** @type {Set<number>} ids of unread messages that the page holds */
export const unread = new Set()
export let isAtBottom = true

/** Count messages of other users as unread. @param {number[]} ids */
export function arrived(ids) {
	const before = firstUnread()
	for (const id of ids) if (last && id > last) unread.add(id)
	if (firstUnread() !== before) setNewLine(firstUnread())
}

/** Stop counting messages that were deleted or hidden. @param {number[]} ids */
export function removed(ids) {
	const before = firstUnread()
	for (const id of ids) unread.delete(id)
	if (unread.size && firstUnread() !== before) setNewLine(firstUnread())
}

/** @returns 0 if there is none */
export const firstUnread = () => (unread.size ? Math.min(...unread) : 0)

/** Mark everything up to this id as read. @param {number} id */
export function seen(id) {
	for (const other of unread) if (other <= id) unread.delete(other)
	if (id <= last) return
	last = id
	save(KEY, id)
}

/** @param {() => void} changed called when another tab marked messages as read */
export function watchOtherTabs(changed) {
	addEventListener('storage', ({ key, newValue }) => {
		if (key !== KEY) return
		seen(Number(newValue))
		changed()
	})
}

export function toBottom() {
	root.scrollTop = root.scrollHeight
	isAtBottom = true
}

/** Stay at the bottom if the user was there. */
export function settle() {
	if (isAtBottom) toBottom()
}

/** Scroll to the bottom, or to the "New" line if that is farther up. */
export function toUnread() {
	const before = root.scrollTop
	toBottom()
	const line = query('.new')
	const above = root.getBoundingClientRect().top - line?.getBoundingClientRect().top
	if (!(above > 1)) return
	line.scrollIntoView()
	isAtBottom = false
	if (root.scrollTop <= before) toBottom()
}

/** @param {HTMLElement} row */
export function goTo(row) {
	row.focus({ preventScroll: true })
	row.scrollIntoView({ block: 'center' })
	isAtBottom = isNearBottom()
}

/** @param {() => void} insert adds rows outside of the viewport, which keeps its position */
export function insertHistory(insert) {
	const { left, top, width } = root.getBoundingClientRect()
	const hits = PROBES.map((y) => document.elementFromPoint(left + width / 2, top + y))
	const row = hits.map((hit) => hit?.closest('article')).find((hit) => hit)
	const before = row?.getBoundingClientRect().top ?? 0
	const below = root.scrollHeight - root.scrollTop
	root.style.overflowAnchor = 'none'
	insert()
	if (row) root.scrollTop += row.getBoundingClientRect().top - before
	else root.scrollTop = root.scrollHeight - below
	root.style.overflowAnchor = ''
}

/** @param {() => void} moved */
export function watchScroll(moved) {
	root.onscroll = () => {
		look()
		moved()
	}
	const resized = new ResizeObserver(settle)
	for (const element of [root, ...root.children]) resized.observe(element)
}

/** Note the position after a scroll by the user; a changed size means the layout moved. */
function look() {
	const before = size
	size = root.scrollHeight + root.clientHeight
	if (size === before) isAtBottom = isNearBottom()
}

const isNearBottom = () => root.scrollHeight - root.scrollTop - root.clientHeight < NEAR
