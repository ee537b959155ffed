/** The page's entry point: session, socket events, and timers. */

import './account.js'
import { request } from './api.js'
import { focusComposer, openComposer, setUpComposer } from './composer.js'
import { edit, editLast, post, read, receive, showUsers } from './controller.js'
import { query } from './dom.js'
import { adopt, setUpMessageList, showReaders } from './message-list.js'
import * as outbox from './outbox.js'
import './person.js'
import { setUpPolling, startPolling, stopPolling } from './polling.js'
import { endSession, me, session, watchSession } from './session.js'
import { toggleSignIn } from './signin.js'
import * as socket from './socket.js'
import { connectionBack, connectionLost, connectionPolled, showNote } from './status.js'
import { users } from './store.js'
import * as sync from './sync.js'

const TICKS = 3
const SLEPT = 40000
const AWAY = 60000
/** Milliseconds without a socket after which the page polls, at first and later. */
const FIRST_WAIT = 1000
const RECONNECT = 3000

let shownId = 0
let ticks = 0
let tickedAt = Date.now()
let hiddenAt = Infinity

function ping() {
	const token = session?.token
	if (token) socket.send({ event: 'ping_user', token })
}

/** @param {import('./socket.js').Frame} frame */
function received({ event, data, ref = '' }) {
	if (event === 'resync') catchUp()
	else if (event === 'deleted_model') sync.remove(data)
	else if (event === 'ack') {
		adopt(ref, data.id)
		receive(data)
		outbox.done(ref)
	} else if (event === 'error') {
		if (data.status === 401) endSession(session?.token)
		// A frame that the server could not parse is answered without its ref.
		else outbox.fail(ref || (data.status < 429 ? outbox.underWay : ''), data.error)
	} else if (event === 'updated_model') {
		if (data.class === 'Message') receive(data.model)
		else if (users.merge(data.model)) showUsers([data.model])
	}
}

function catchUp() {
	sync.lost()
	sync.catchUp()
}

/** Show the signed-in user. @param {boolean} ended true if the server ended the session */
function showSession(ended = false) {
	query('#me').hidden = !session
	query('#me').textContent = session?.nickname ?? ''
	openComposer(me())
	const [before, after] = [users.rows.get(shownId), users.rows.get(me())]
	toggleSignIn(!session, before?.nickname)
	if (me() !== shownId) {
		// The socket belongs to the previous user, who goes offline when it closes.
		if (shownId) socket.restart()
		shownId = me()
		outbox.open(shownId)
		showReaders()
		showUsers([before, after].filter((user) => user !== undefined))
		if (shownId) focusComposer()
	}
	if (ended) showNote('Your sign-in has ended. Sign in again: what you wrote is kept.', true)
	ping()
	outbox.pump()
}

async function showStats() {
	if (document.hidden) return
	const answer = await request('GET', '/stats').catch(() => null)
	query('#stats').textContent = answer ? `${answer.requests_per_second.toFixed(1)} requests/s` : ''
}

setUpMessageList({
	edit,
	retry: outbox.fail,
	discard: outbox.done,
	load: (edge) =>
		sync.loadBefore(edge).catch(({ message }) => showNote(message, true)),
})
setUpComposer(post, editLast)
watchSession(showSession)
showSession()
connectionLost()
setUpPolling({
	catchUp: sync.catchUp,
	polled(isComplete) {
		connectionPolled(isComplete)
		outbox.pump()
	},
	unavailable: outbox.interrupt,
	received,
})
socket.connect({
	opened() {
		stopPolling()
		connectionBack()
		ping()
		sync.catchUp()
		outbox.pump()
	},
	closed() {
		connectionLost()
		startPolling(RECONNECT)
		sync.lost()
		outbox.interrupt()
	},
	received,
})
startPolling(FIRST_WAIT)
new Worker(new URL('ticker.js', import.meta.url)).onmessage = () => {
	// After the machine slept, a connection may be dead without an event.
	if (Date.now() - tickedAt > SLEPT) socket.restart()
	tickedAt = Date.now()
	ticks += 1
	if (ticks % TICKS) return
	ping()
	sync.prove()
	showStats()
}
document.addEventListener('visibilitychange', () => {
	if (document.hidden) hiddenAt = Date.now()
	else if (Date.now() - hiddenAt > AWAY) {
		socket.hurry()
		catchUp()
		showStats()
	}
	read()
})
showStats()
