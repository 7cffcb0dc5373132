const OTHER = /[^a-z0-9]/g

/**
 * A field's name as the loosest application reads it: CGI, WSGI, Rack and PHP take `X-User`, `x_user` and `X.User` for one.
 */
export function foldFieldName(name: string): string {
  return name.toLowerCase().replace(OTHER, '-')
}
