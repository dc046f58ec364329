/** What may lie beside the tiles; one at a time. People and chat are two tabs of one panel. */
export type PanelName = 'people' | 'chat' | 'settings' | 'more' | 'proof';
