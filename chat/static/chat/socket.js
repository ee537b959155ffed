/** The WebSocket, which reconnects by itself. */

import { send as sendByPolling } from './polling.js'

/** @import {SentFrame, SocketHandlers} from './types.js' */

const LONGEST_WAIT = 30000
const STEADY = 10000
/** Milliseconds without a frame after which the server is asked for one, and until it must come. */
const QUIET = 60000
const PATIENCE = 20000
/** The server rejects this frame at once: its answer shows that the network passes frames on. */
const PROBE = JSON.stringify({ event: 'probe', ref: 'probe' })

/** @type {WebSocket | undefined} */
let socket
let failures = 0
let openedAt = Infinity
/** True after a frame got no answer: then a socket counts as open from its first frame on. */
let isDoubted = false
let timer = 0
let silence = 0
/** @type {SocketHandlers} */
let handlers

const isOpen = () => openedAt < Infinity && socket?.readyState === WebSocket.OPEN

/** @param {typeof handlers} given */
export function connect(given) {
	handlers = given
	addEventListener('online', hurry)
	addEventListener('offline', restart)
	restart()
}

/** Reconnect: the connection may be dead without an event. */
export function restart() {
	drop()
	socket = new WebSocket(`${location.origin.replace('http', 'ws')}/ws/`)
	timer = setTimeout(retry, STEADY)
	socket.onopen = () => {
		if (!isDoubted) opened()
		probe()
	}
	socket.onclose = retry
	socket.onmessage = ({ data }) => {
		clearTimeout(silence)
		silence = setTimeout(probe, QUIET)
		isDoubted = false
		if (!isOpen()) opened()
		const frame = JSON.parse(data)
		if (frame.ref !== 'probe') handlers.received(frame)
	}
}

function opened() {
	clearTimeout(timer)
	openedAt = Date.now()
	handlers.opened()
}

function probe() {
	socket?.send(PROBE)
	silence = setTimeout(doubt, PATIENCE)
}

/** Reconnect after a frame without an answer: some networks open sockets, but pass nothing on. */
export function doubt() {
	isDoubted = true
	restart()
}

/** Reconnect now: the network is back, or the page is visible again. */
export function hurry() {
	failures = 0
	if (!isOpen()) restart()
}

/**
 * @param {SentFrame} frame
 * @returns true if it was sent, which does not mean received
 */
export function send(frame) {
	if (!isOpen()) return sendByPolling(frame)
	socket?.send(JSON.stringify(frame))
	return true
}

/** Back off after each failure, with jitter so that clients do not reconnect all at once. */
function retry() {
	failures = Date.now() - openedAt > STEADY ? 0 : failures + 1
	drop()
	const wait = Math.min(LONGEST_WAIT, 500 * 2 ** failures)
	timer = setTimeout(restart, wait * (0.1 + 0.9 * Math.random()))
}

function drop() {
	clearTimeout(timer)
	clearTimeout(silence)
	if (!socket) return
	socket.onopen = socket.onclose = socket.onmessage = null
	socket.close()
	socket = undefined
	openedAt = Infinity
	handlers.closed()
}
