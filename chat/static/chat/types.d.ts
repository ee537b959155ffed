/** The types that modules share. Browsers do not load this file. */

export type Row = { id: number; updated_at: number; asOf?: number }
export type User = Row & { nickname: string; online: boolean; last_seen_at: number }
export type Message = Row & {
	created_at: number
	source: string
	html: string
	user_id: number
	edited_at?: number | null
}
/** The deletion of these ids. */
export type Deletion = { class: string; first: number; last: number }

/** A frame of the socket. */
export type Frame = { event: string; data: any; ref?: string }
export type SentFrame = { event: string; data?: any; token?: string; ref?: string }
export type SocketHandlers = { opened(): void; closed(): void; received(frame: Frame): void }
export type PollingHandlers = {
	/** resolves with true if the page is complete */
	catchUp(): Promise<boolean>
	polled(works: boolean): void
	unavailable(): void
	received(frame: Frame): void
}

export type Session = {
	id: number
	nickname: string
	/** Empty while a password change replaces it. */
	token: string
}

/** An error of the HTTP API. */
export type Problem = Error & {
	/** 0 when no answer came */
	status: number
	/** the errors of each field, for invalid input */
	fields: Record<string, string[]>
	/** seconds until a rate limit ends */
	retry_after?: number
}

/** An unsent message. */
export type Item = {
	ref: string
	user: number
	source: string
	at: number
	/** the newest message when it was first sent */
	after?: number
	/** why it waits for "Retry" */
	error?: string
	/** seconds until a rate limit ends */
	wait?: number
}

/** How the page comes by messages. */
export type Origin = 'first' | 'news' | 'history'
/** Returns the ids right before which messages may be missing. */
export type FindGaps = (messages: Message[]) => (number | false)[]
/** What the buttons of messages do, by their `data-action`. */
export type Actions = Record<string, (key: any, button: HTMLElement) => unknown>

/** The modules in the folder `lazy`, by name. */
export type Modules = {
	'account': typeof import('./lazy/account.js')
	'action-bar': typeof import('./lazy/action-bar.js')
	'completion': typeof import('./lazy/completion.js')
	'countdown': typeof import('./lazy/countdown.js')
	'deleting': typeof import('./lazy/deleting.js')
	'draft': typeof import('./lazy/draft.js')
	'editor': typeof import('./lazy/editor.js')
	'emoji': typeof import('./lazy/emoji.js')
	'excerpt': typeof import('./lazy/excerpt.js')
	'form': typeof import('./lazy/form.js')
	'help': typeof import('./lazy/help.js')
	'later': typeof import('./lazy/later.js')
	'notifications': typeof import('./lazy/notifications.js')
	'part': typeof import('./lazy/part.js')
	'permalink': typeof import('./lazy/permalink.js')
	'person': typeof import('./lazy/person.js')
	'reply': typeof import('./lazy/reply.js')
	'search': typeof import('./lazy/search.js')
	'signin': typeof import('./lazy/signin.js')
	'token': typeof import('./lazy/token.js')
}
