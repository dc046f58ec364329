import type { SchoolFormat } from '../format';
import type { SchoolMessages } from '../words.svelte';

export const problem = (f: SchoolFormat): SchoolMessages['problem'] => ({
  by: {
    unreachable: 'The school’s server does not answer. Check the network and try again.',
    server_fault: 'Something went wrong on the server. It is not what you entered. Please try later.',
    server_stopping: 'The server is starting anew. It goes on in a minute.',
    busy: 'There is a lot going on. Please try again in a moment.',
    page_fault: 'Something went wrong in this page. Load it again.',
    signed_out: 'You are signed out.',
    sign_in_wrong: 'Address or password is not right. Capital letters count.',
    link_used: 'The link has been used already, or it is too old.',
    too_many_attempts: 'After several attempts there is a pause.',
    not_allowed: 'You may not change this here.',
    other_origin: 'This page was opened under a foreign address. Open the school’s own.',
    not_found: 'This is gone. Maybe somebody deleted it.',
    missing: 'Something that belongs to it is gone. Load the page again.',
    taken: 'This is taken already.',
    empty: 'Something is missing here.',
    too_long: 'This is too long.',
    too_many: 'These are too many.',
    control_characters: 'Only one line of text fits here.',
    malformed: 'This does not fit into the field.',
    not_an_email: 'This is no e-mail address yet. Example: name@school.example',
    password_short: 'The password is too short. It needs ten characters.',
    password_wrong: 'The current password is not right.',
    no_account: 'Without an e-mail address there is no password. The office can note one.',
    own_guardian: 'Nobody is their own guardian.',
    last_operator: 'Somebody must stay responsible for IT.',
  },
  taken: {
    number: 'Somebody else has this number already.',
    email: 'Somebody signs in with this address already.',
  },
  other: (code) => `This did not work (${code}). Please try later.`,
  wait: (seconds) => `Another ${f.number(seconds)} ${f.plural(seconds, { one: 'second', other: 'seconds' })}.`,
});
