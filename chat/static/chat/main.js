/** The page's entry point: session, socket events, and timers. */

import { request } from './api.js'
import { focusComposer, openComposer, setUpComposer } from './composer.js'
import { post, read, showUsers } from './controller.js'
import { dayOf } from './day.js'
import { query } from './dom.js'
import { prepare, use } from './lazy.js'
import './log-events.js'
import { setUpMessageList, showDays, showReaders } from './message-list.js'
import { unfold } from './message-row.js'
import * as outbox from './outbox.js'
import { setUpPolling, startPolling, stopPolling } from './polling.js'
import { fetchRights, rights } from './rights.js'
import { me, session, watchSession } from './session.js'
import * as socket from './socket.js'
import { connectionBack, connectionLost, connectionPolled, showNote } from './status.js'
import { users } from './store.js'
import * as sync from './sync.js'

const TICKS = 3
const TICKER_PAUSE = 10000
const SLEPT = 40000
const AWAY = 60000
/** Milliseconds without a socket after which the page polls, at first and later. */
const FIRST_WAIT = 1000
const RECONNECT = 3000

let shownId = 0
let ticks = 0
let tickedAt = Date.now()
let today = dayOf(tickedAt)
let hiddenAt = Infinity

function ping() {
	const token = session?.token
	if (token) socket.send({ event: 'ping_user', token })
}

/** @param {import('./types.js').Frame} frame */
function received({ event, data, ref = '' }) {
	if (event === 'resync') catchUp()
	else if (event === 'deleted_model') sync.remove(data)
	else if (event === 'ack') {
		sync.receive(data, ref)
		outbox.done(ref)
	} else if (event === 'error') {
		// It may be about an earlier token: this request ends the session if its own is refused.
		if (data.status === 401) request('GET', '/api/users/me').catch(() => null)
		else if (data.retry_after) outbox.postpone(data.retry_after, ref)
		// A frame that the server could not parse is answered without its ref.
		else outbox.fail(ref || (data.status < 429 ? outbox.underWay : ''), data.error)
	} else if (event === 'updated_model') {
		if (data.class === 'Message') sync.receive(data.model)
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
	openComposer(me(), rights.is_banned)
	const previous = shownId
	const [before, after] = [users.rows.get(previous), users.rows.get(me())]
	query('#signin').hidden = query('#hint').hidden = !!session
	if (!session && before) use('signin', ({ signInAgain }) => signInAgain(before.nickname))
	if (me() !== shownId) {
		// The socket belongs to the previous user, who goes offline when it closes.
		if (shownId) socket.restart()
		shownId = me()
		outbox.open(shownId)
		showReaders()
		fetchRights(() => {
			openComposer(me(), rights.is_banned)
			showReaders()
		})
		showUsers([before, after].filter((user) => user !== undefined))
		/** @type {HTMLDialogElement} */
		const dialog = query('#account')
		dialog?.close()
		// After the end of a sign-in the editors wait for the same user; no other may read them.
		if (!ended && query('.editor')) use('editor', ({ removeEditors }) => removeEditors(me()))
		if (shownId) focusComposer()
		if (shownId) sync.isReady.then(() => prepare('action-bar', 'editor', 'reply'))
	}
	if (ended) {
		showNote('Your sign-in has ended. Sign in again: what you wrote is kept.', true)
		use('signin', ({ explainEnd }) => explainEnd(previous))
	}
	ping()
	outbox.pump()
}

/** Tick by a worker; if it could not be fetched, it is fetched again. */
function startTicker() {
	const ticker = new Worker(new URL('ticker.js', import.meta.url))
	ticker.onmessage = tick
	ticker.onerror = () => setTimeout(startTicker, TICKER_PAUSE)
}

function tick() {
	// After the machine slept, a connection may be dead without an event.
	if (Date.now() - tickedAt > SLEPT) socket.restart()
	tickedAt = Date.now()
	ticks += 1
	if (ticks % TICKS) return
	ping()
	sync.prove()
	if (today !== dayOf(Date.now())) showDays()
	today = dayOf(Date.now())
}

/** Go to the message of the address, if it has one. */
function followLink() {
	if (location.hash) use('permalink', ({ goToLinked }) => goToLinked())
}

setUpMessageList({
	reply: (id) => use('reply', ({ reply }) => reply(id)),
	link: (id) => use('action-bar', ({ copyLink }) => copyLink(id)),
	copy: (_, button) => use('action-bar', ({ copyCode }) => copyCode(button)),
	unfold: (_, button) => unfold(/** @type {HTMLElement} */ (button.closest('article'))),
	delete: (id) => use('deleting', ({ ask }) => ask(id)),
	confirm: (id) => use('deleting', ({ confirm }) => confirm(id)),
	keep: (id) => use('deleting', ({ keep }) => keep(id)),
	edit: (id) => use('editor', ({ edit }) => edit(id)),
	retry: (ref) => outbox.fail(ref),
	discard: outbox.done,
	load: (edge) =>
		sync.loadBefore(edge).catch(({ message }) => showNote(message, true)),
})
setUpComposer(post, () => use('editor', ({ editLast }) => editLast()))
const helpButton = query('[data-action=help]')
helpButton.onclick = () => use('help', ({ open }) => open(helpButton))
const search = () => use('search', ({ open }) => open())
query('[data-action=search]').onclick = search
addEventListener('keydown', (event) => {
	if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return
	event.preventDefault()
	search()
})
query('[data-action=account]').onclick = () => use('account', ({ open }) => open())
query('#retry-all').onclick = outbox.retryAll
query('#signin').addEventListener('focusin', () => use('signin', () => null))
query('#signin').onsubmit = (event) => {
	// Submit again once the module is here.
	event.preventDefault()
	use('signin', () => query('#signin button').click())
}
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
startTicker()
document.addEventListener('visibilitychange', () => {
	if (document.hidden) hiddenAt = Date.now()
	else if (Date.now() - hiddenAt > AWAY) {
		socket.hurry()
		catchUp()
		}
	read()
})
addEventListener('hashchange', followLink)
followLink()
