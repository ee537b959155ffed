/** The account dialog: nickname, password, notifications, sign-out. */

import { request } from './api.js'
import { query } from './dom.js'
import { mayNotify, askToNotify } from './notifications.js'
import { me, session, setSession, updateSession } from './session.js'
import { fetchToken } from './signin.js'
import { showNote } from './status.js'

/** @type {HTMLDialogElement} */
const dialog = query('#you')
/** @type {HTMLInputElement} */
const notify = query('[type=checkbox]', dialog)
const problem = query('.error', dialog)
/**
 * What each form does; each resolves with the note to show.
 * @type {Record<string, (value: string) => Promise<string>>}
 */
const actions = {
	async rename(nickname) {
		await request('PUT', `/api/users/${me()}`, { nickname })
		updateSession({ nickname })
		return `You are ${nickname} now.`
	},
	async password(password) {
		let token = session?.token
		// This ends every token: the socket's 401 refers to the old one.
		updateSession({ token: '' })
		try {
			// Another device may have renamed the user.
			const { nickname } = await request('GET', `/api/users/${me()}`, undefined, `Bearer ${token}`)
			await request('PUT', `/api/users/${me()}`, { password }, `Bearer ${token}`)
			token = await fetchToken(nickname, password)
		} finally {
			updateSession({ token })
		}
		return 'Your password is changed. You are signed out everywhere else.'
	},
	async leave() {
		dialog.close()
		await request('DELETE', '/api/tokens').catch(() => null)
		setSession(null)
		return 'You are signed out.'
	},
}

for (const form of dialog.querySelectorAll('form')) {
	const act = actions[form.name]
	if (act) form.onsubmit = async (event) => {
		event.preventDefault()
		try {
			showNote(await act(form.querySelector('input')?.value ?? ''))
			dialog.close()
		} catch (error) {
			problem.textContent = /** @type {Error} */ (error).message
		}
	}
	dialog.addEventListener('close', () => form.reset())
}
query('#me').onclick = () => {
	problem.textContent = ''
	notify.checked = mayNotify()
	dialog.showModal()
}
notify.onchange = async () => (notify.checked = await askToNotify(notify.checked))
