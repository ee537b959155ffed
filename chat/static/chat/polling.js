/** Polling: the same frames over HTTP, for networks that block WebSockets. */

import { request } from './api.js'

/** @import {PollingHandlers, SentFrame} from './types.js' */

const EVERY = 4000
const EVERY_HIDDEN = 30000

/** @type {PollingHandlers} */
let handlers
let isPolling = false
let timer = 0

/** @param {typeof handlers} given */
export function setUpPolling(given) {
	handlers = given
}

/** @param {number} wait in milliseconds, in which the socket may still open */
export function startPolling(wait) {
	if (!isPolling && !timer) timer = setTimeout(poll, wait)
}

export function stopPolling() {
	clearTimeout(timer)
	timer = 0
	isPolling = false
}

/**
 * Post a message, and hand on the response as the socket would.
 * @param {SentFrame} frame
 * @returns {boolean} false while the page does not poll, and for other frames
 */
export function send({ event, data, token, ref = '' }) {
	if (!isPolling || event !== 'post_message') return false
	const headers = { 'Idempotency-Key': ref }
	request('POST', '/api/messages', data, `Bearer ${token}`, headers).then(
		(message) => handlers.received({ event: 'ack', ref, data: message }),
		({ status, message: error, retry_after }) => {
			// Without a response, or without a node behind nginx, the next poll sends it again.
			if (!status || status >= 500) handlers.unavailable()
			else handlers.received({ event: 'error', ref, data: { status, error, retry_after } })
		},
	)
	return true
}

async function poll() {
	isPolling = true
	const started = timer
	const isComplete = await handlers.catchUp()
	if (timer !== started) return // it was stopped, and perhaps started anew
	handlers.polled(isComplete)
	const pause = document.hidden ? EVERY_HIDDEN : EVERY
	timer = setTimeout(poll, pause * (0.75 + 0.5 * Math.random()))
}
