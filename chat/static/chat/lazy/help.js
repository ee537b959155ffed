/** The help: how to format messages, the keys, and the requests per second. */

import { request } from '../api.js'
import { query } from '../dom.js'
import { load } from '../lazy.js'

const { addPart } = await load('part')
const help = await addPart('help')

/** @param {HTMLElement} source the button that opens it */
export async function open(source) {
	help.showPopover({ source })
	const stats = await request('GET', '/stats').catch(() => null)
	const rate = stats?.requests_per_second.toFixed(1)
	query('.stats', help).textContent = stats ? `${rate} requests/s` : ''
}
