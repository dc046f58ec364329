/** What the views need of the core. */
export type { Refusal } from '../api';
export { hrefs, type Route } from '../route';
