/** The pages that have a title of their own. */
export type PageTitle = 'sign_in' | 'enter' | 'setup' | 'start' | 'people' | 'person' | 'new_person' | 'profile' | 'plan' | 'attendance' | 'messages' | 'thread' | 'not_found';
