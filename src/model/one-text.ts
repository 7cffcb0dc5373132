/**
 * The same text, held once however often it is read: the names, UIDs and addresses of Pods are in their slices as well.
 * V8 keeps one of each property's name, and lets it go with its last user; a table of our own would have to be swept.
 * Only memory depends on that.
 */
export function oneText(text: string): string {
  const named: Record<string, true> = Object.create(null)
  named[text] = true
  return Object.keys(named)[0] ?? text
}
