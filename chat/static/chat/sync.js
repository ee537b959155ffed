/**
 * A push is a hint, the database is the truth: after every (re)connect, when it is subscribed, the
 * page asks for what changed since it was last complete.
 */

import { request } from './api.js'
import * as controller from './controller.js'
import { meet, showMessages, showUsers } from './controller.js'
import * as outbox from './outbox.js'
import { RECENT } from './participants.js'
import { END, newest, timeline, users } from './store.js'

/** @import {Deletion, FindGaps, Message, Origin, User} from './types.js' */

export const PAGE = 50
const LARGEST_PAGE = 200
/** Seconds that are requested again, because times are whole seconds. */
const MARGIN = 60
/** Milliseconds: the server returns changes of at most one day, by its own clock. */
const DAY = 23.5 * 3600 * 1000

/** Server time up to which nothing is missing, and the next candidate for it. */
let proven = 0
let candidate = 0
/** Local time of the last proof in milliseconds, 0 before the first page. */
let liveAt = 0
let isLive = false
let isBusy = false
let again = false
let losses = 0
let timer = 0
/** @type {() => void} */
let ready
/** Resolved once the first page is shown. @type {Promise<void>} */
export const isReady = new Promise((resolve) => (ready = resolve))
/** The newest message of the unbroken part. */
let top = 0
/** @type {Promise<unknown>} */
let history = Promise.resolve()
/** Pushes that wait for the newest page, since it was last requested. */
/** @type {[Message, string][]} */
let held = []

/** Mark the timeline as incomplete until `catchUp` ends. */
export function lost() {
	if (isLive) top = timeline.last
	if (!timeline.last) timeline.gaps.add(END)
	isLive = false
	losses += 1
}

/**
 * Called every half minute. Pushes count as complete one call later: a `resync` that follows the
 * first push after a hole must find the time before it.
 */
export function prove() {
	if (!isLive) return
	proven = candidate
	candidate = newest
	liveAt = Date.now()
}

/**
 * Fetch what changed, and retry until that succeeds.
 * @returns {Promise<boolean>} true if it did at once
 */
export async function catchUp() {
	clearTimeout(timer)
	again = isBusy
	if (isBusy) return false
	isBusy = true
	held = []
	const before = losses
	let isComplete = true
	try {
		await (liveAt ? fetchMissed() : fetchFirst())
		isLive = losses === before
		liveAt = Date.now()
		proven = candidate = newest
		ready()
		outbox.pump()
	} catch {
		isComplete = false
		timer = setTimeout(catchUp, 1000 + 4000 * Math.random())
	}
	isBusy = false
	return again ? catchUp() : isComplete
}

/**
 * Show a pushed message, or a sent one that is stored. It waits until the newest page is there, as
 * messages may be missing between the two.
 * @param {Message} message @param {string} [ref] of the sent message
 */
export function receive(message, ref = '') {
	if (timeline.gaps.has(END)) held.push([message, ref])
	else controller.receive(message, ref)
}

/** Remove deleted rows, and fetch the newest ones if these are gone. @param {Deletion} deletion */
export function remove(deletion) {
	if (!controller.remove([deletion])) return
	lost()
	catchUp()
}

/** Load history after what is under way: two answers for one gap would contradict each other. */
/** @param {() => unknown} load @returns {Promise<unknown>} */
export const inTurn = (load) => (history = history.catch(() => null).then(load))

/**
 * Fill the gap before a message, from the older end if the page holds messages there: the reader
 * comes from them.
 * @param {number} edge its id
 */
export const loadBefore = (edge) => inTurn(() => {
	if (!timeline.gaps.has(edge)) return null
	const floor = timeline.ids[timeline.index(edge) - 1]
	if (!floor) return fetchPage(edge, PAGE, 0, 'history')
	return fetchMessages(`after=${floor}&limit=${PAGE}`, 'history', edge, (messages) => [
		messages.length === PAGE && messages[PAGE - 1].id < edge && edge,
	])
})

async function fetchFirst() {
	await fetchUsers('online=1&updated_since=0')
	await fetchNewest()
	await fetchUsers(`updated_since=${Math.max(0, newest - RECENT)}`)
}

async function fetchMissed() {
	const since = `updated_since=${Math.max(0, proven - MARGIN)}`
	const { deletions } = await request('GET', `/api/deletions?${since}`)
	controller.remove(deletions)
	await fetchUsers(since)
	if (timeline.gaps.has(END)) await fetchNewest()
	else if (Date.now() - liveAt > DAY) {
		// Away for more than a day: fetch the newest page, mark a gap, and refresh the older page.
		const edge = top + 1
		await fetchPage(END, LARGEST_PAGE, top, 'news')
		return fetchMessages(`before=${edge}&limit=${LARGEST_PAGE}`)
	}
	return fetchMessages(since)
}

/** Fetch the newest page, and show the pushes that waited for it. */
async function fetchNewest() {
	await fetchPage(END, PAGE, timeline.last, 'first')
	for (const [message, ref] of held) receive(message, ref)
	held = []
}

/** @param {string} query */
async function fetchUsers(query) {
	const asOf = performance.now()
	const answer = await request('GET', `/api/users?${query}`)
	showUsers(answer.users.filter((/** @type {User} */ user) => users.merge(user, asOf)))
}

/**
 * @param {string} query @param {Origin} origin @param {number} edge the message after these
 * @param {FindGaps} findGaps
 */
async function fetchMessages(query, origin = 'news', edge = 0, findGaps = () => []) {
	const asOf = performance.now()
	const { messages } = await request('GET', `/api/messages?${query}`)
	await meet(messages)
	timeline.gaps.delete(edge)
	const news = messages.filter((/** @type {Message} */ row) => timeline.merge(row, asOf))
	for (const id of findGaps(messages)) if (id) timeline.gaps.add(id)
	showMessages(news, origin, edge)
}

/**
 * Fetch the `limit` messages before `end`. Below them is a gap unless they reach `floor`; above
 * them is one unless they end at `edge`, the next message that the page holds.
 * @param {number} end @param {number} limit @param {number} floor @param {Origin} origin
 * @param {number} edge
 */
export const fetchPage = (end, limit, floor, origin, edge = end) =>
	fetchMessages(`before=${end}&limit=${limit}`, origin, edge, (messages) => [
		messages.length === limit && messages[0].id > floor && messages[0].id,
		end < edge && edge,
	])
