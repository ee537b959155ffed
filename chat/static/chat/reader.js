/** Where the reader is, and what is not read yet. */

import { find } from './dom.js'
import { setNewLine } from './log.js'
import { load, save } from './storage.js'

const KEY = 'flack.read'
const NEAR = 48
const root = find('#log')
/** The newest id that was read; 0 on the very first visit, when nothing is new. */
let last = Number(load(KEY))
let size = 0
export let unread = 0
export let isAtBottom = true

/** Others' messages came, or were there at the start. @param {number[]} ids ascending */
export function arrived(ids) {
	const news = ids.filter((id) => last && id > last)
	if (news.length && !unread) setNewLine(news[0])
	unread += news.length
}

/** Everything up to here was seen. @param {number} id */
export function seen(id) {
	unread = 0
	if (id <= last) return
	last = id
	save(KEY, id)
}

export function toBottom() {
	root.scrollTop = root.scrollHeight
	isAtBottom = true
}

/** Stay at the bottom if that is where the reader was. */
export function settle() {
	if (isAtBottom) toBottom()
}

/** Go to the bottom, or to the "new" line when that is farther up. */
export function toUnread() {
	const before = root.scrollTop
	toBottom()
	const line = find('.new')
	const above = root.getBoundingClientRect().top - line?.getBoundingClientRect().top
	if (!(above > 1)) return
	line.scrollIntoView()
	isAtBottom = false
	if (root.scrollTop <= before) toBottom()
}

/** @param {() => void} insert something above what the reader sees, which does not move */
export function insertAbove(insert) {
	const below = root.scrollHeight - root.scrollTop
	root.style.overflowAnchor = 'none'
	insert()
	root.scrollTop = root.scrollHeight - below
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

/** The reader scrolled; or the layout did, if the size is another. */
function look() {
	const before = size
	size = root.scrollHeight + root.clientHeight
	if (size === before) isAtBottom = root.scrollHeight - root.scrollTop - root.clientHeight < NEAR
}
