/** Stands for Node's `crypto`, which bcryptjs imports and asks for salts only where there is no Web Crypto. */
export default undefined
