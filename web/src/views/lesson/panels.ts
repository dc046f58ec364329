/** What may lie beside the stage; one at a time. */
export type PanelName = 'proof' | 'chat' | 'people' | 'settings' | 'more';
