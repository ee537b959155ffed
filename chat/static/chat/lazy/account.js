/** The account dialog: nickname, password, notifications, sign-out. */

import { problem, request } from '../api.js'
import { query, textOf } from '../dom.js'
import { load } from '../lazy.js'
import { me, session, setSession, updateSession } from '../session.js'
import { showNote } from '../status.js'

const { addPart } = await load('part')
const { setUpForm } = await load('form')
const { mayNotify, askToNotify } = await load('notifications')
const { sendAll } = await load('deleting')
const { fetchToken } = await load('token')
const dialog = await addPart('account')
/** @type {HTMLInputElement} */
const notify = query('[type=checkbox]', dialog)
/** @type {HTMLFormElement} */
const renameForm = query('[name=rename]', dialog)
/** @type {HTMLFormElement} */
const passwordForm = query('[name=change]', dialog)

/** @param {string | Node} words */
const showProblem = (words) => query('[role=alert]', dialog).replaceChildren(words)

/** @param {HTMLFormElement} form @param {string} name */
const field = (form, name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name))

setUpForm(renameForm, async () => {
	const nickname = textOf(field(renameForm, 'nickname')).trim()
	const user = me()
	await request('PUT', `/api/users/${user}`, { nickname })
	if (!updateSession(user, { nickname })) return
	showNote(`You are ${nickname} now.`)
	dialog.close()
}, showProblem)

setUpForm(passwordForm, async () => {
	const password = field(passwordForm, 'password').value.toWellFormed()
	const user = me()
	let token = session?.token
	if (!token) throw problem(0, 'Another tab is changing the password. Try again.')
	const putBack = () => updateSession(user, { token })
	// This ends every token: the socket's 401 refers to the old one.
	updateSession(user, { token: '' })
	addEventListener('pagehide', putBack)
	try {
		// Another device may have renamed the user.
		const { nickname } = await request('GET', `/api/users/${user}`, undefined, `Bearer ${token}`)
		await request('PUT', `/api/users/${user}`, { password }, `Bearer ${token}`)
		token = await fetchToken(nickname, password)
	} finally {
		removeEventListener('pagehide', putBack)
		if (!putBack()) endToken(token) // the user signed out meanwhile
	}
	if (me() !== user) return
	showNote('Your password is changed. You are signed out everywhere else.')
	dialog.close()
}, showProblem)

/** End a token, also if the page is closed now. @param {string} [token] */
const endToken = (token) =>
	token && request('DELETE', '/api/tokens', undefined, `Bearer ${token}`).catch(() => null)

query('[data-action=sign-out]', dialog).onclick = () => {
	const token = session?.token
	const deletions = sendAll()
	// The page does not wait for the server: its answer would come after the next user signed in.
	setSession(null)
	showNote('You are signed out.')
	Promise.all(deletions).then(() => endToken(token))
}

export function open() {
	if (!session) return
	renameForm.reset()
	passwordForm.reset()
	showProblem('')
	field(renameForm, 'nickname').value = session?.nickname ?? ''
	field(passwordForm, 'username').value = session?.nickname ?? ''
	notify.checked = mayNotify()
	dialog.showModal()
}
query('[data-action=close]', dialog).onclick = () => dialog.close()
notify.onchange = async () => (notify.checked = await askToNotify(notify.checked))
