/** What the views need of the core. */
export type { Refusal } from '../api';
export type { CourseKind, DateInfo, DayDate, MessageInfo, NextDate, Start, Status, ThreadInfo } from '../records';
export { hrefs, type Route } from '../route';
