/** Name of the page on a code, from the root of the repository. A newer agent may know codes that we do not. */
export function pageOf(code: string): string {
  return `docs/problems/${code}.md`
}
