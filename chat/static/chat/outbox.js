/**
 * The outbox: messages that are not stored yet. It survives a reload, and sends one message at a
 * time to keep their order. Sending the same `ref` again never creates a second message.
 */

import { query } from './dom.js'
import { dropRows, showUnsent } from './message-list.js'
import { session } from './session.js'
import { doubt, send } from './socket.js'
import { loadAll, save } from './storage.js'
import { END, timeline } from './store.js'

/** @import {Item, Message} from './types.js' */

const PREFIX = 'flack.outbox.'
const PATIENCE = 10000
const TRIES = 3

/** @type {Map<string, Item>} oldest first */
const items = new Map()
let owner = 0
export let underWay = ''
let tries = 0
let timer = 0
/** Local time in milliseconds at which a rate limit ends. */
let pausedUntil = 0

/** Load the unsent messages of a user. @param {number} user */
export function open(user) {
	dropRows([...items.keys()])
	items.clear()
	owner = user
	interrupt()
	pausedUntil = 0
	const kept = loadAll(PREFIX).filter((item) => item?.user === user)
	for (const item of kept.sort((a, b) => a.at - b.at)) put(item)
	countFailed()
}

/** @param {string} source */
export function add(source) {
	const ref = crypto.getRandomValues(new Uint32Array(3)).join('-')
	put({ ref, user: owner, source, at: Date.now() / 1000 })
	pump()
}

/** Send the next message, if none is in flight and the newest page is there, for its `after`. */
export function pump() {
	const next = waiting()
	const token = session?.token
	if (underWay || !next || !token || Date.now() < pausedUntil || timeline.gaps.has(END)) return
	const { ref, source } = next
	if (!send({ event: 'post_message', data: { source }, token, ref })) return
	underWay = ref
	next.after ??= timeline.last
	save(PREFIX + ref, next)
	timer = setTimeout(() => {
		tries += 1
		if (tries < TRIES) doubt()
		else fail(ref, 'The server did not answer.')
	}, PATIENCE)
}

/** Return the message to send next. */
const waiting = () => [...items.values()].find(({ error }) => !error)

/**
 * Send the message in flight again when a rate limit ends.
 * @param {number} wait in seconds @param {string} ref of the refused message, if known
 */
export function postpone(wait, ref) {
	if (ref && ref !== underWay) return
	interrupt()
	const isCounting = Date.now() < pausedUntil
	pausedUntil = Date.now() + wait * 1000
	if (!isCounting) countDown()
}

function countDown() {
	const item = waiting()
	const wait = Math.ceil((pausedUntil - Date.now()) / 1000)
	if (item) showUnsent({ ...item, wait: Math.max(0, wait) })
	if (wait > 0) setTimeout(countDown, 1000)
	else pump()
}

/** The connection was lost: `pump` sends the message in flight again. */
export function interrupt() {
	clearTimeout(timer)
	underWay = ''
}

/** Remove a message that is stored or discarded. @param {string} ref */
export function done(ref) {
	save(PREFIX + ref, null)
	forget(ref)
}

/**
 * Mark a message as failed; without an error, queue it again.
 * @param {string} ref @param {string} [error]
 */
export function fail(ref, error) {
	const item = items.get(ref)
	if (item) put({ ...item, error })
	goOn(ref)
}

/** Queue all failed messages again. */
export const retryAll = () => items.forEach(({ error }, ref) => error && fail(ref))

/**
 * Return the ref of the unsent message that may have become this one.
 * @param {Message} message
 */
export function refOf({ id, source }) {
	const same = [...items.values()].filter(
		(item) => item.source === source && id > (item.after ?? id),
	)
	return (same.find(({ ref }) => ref === underWay) ?? same[0])?.ref ?? ''
}

/** @param {Item} item */
function put(item) {
	items.set(item.ref, item)
	save(PREFIX + item.ref, item)
	showUnsent(item)
	countFailed()
}

function countFailed() {
	const count = [...items.values()].filter(({ error }) => error).length
	const button = query('#retry-all')
	button.hidden = count < 2
	button.textContent = `Retry all ${count}`
}

/** @param {string} ref */
function forget(ref) {
	items.delete(ref)
	dropRows([ref])
	countFailed()
	goOn(ref)
}

/** @param {string} ref */
function goOn(ref) {
	if (underWay === ref) {
		tries = 0
		interrupt()
	}
	pump()
}

// Another tab sent or discarded the message.
addEventListener('storage', ({ key, newValue }) => {
	if (key?.startsWith(PREFIX) && newValue === null) forget(key.slice(PREFIX.length))
})
