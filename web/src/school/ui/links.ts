/** Links inside the school change the page without loading it anew; everything else is the browser's. */
export function followInside(go: (href: string) => void): (event: MouseEvent) => void {
  return (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>('a[href]') : null;
    const href = link?.getAttribute('href');
    if (!link || !href?.startsWith('/') || link.target !== '' || link.hasAttribute('download')) return;
    // Rooms and files are the browser's to load.
    if (/^\/(r|api)\//.test(href)) return;
    event.preventDefault();
    go(href);
  };
}
