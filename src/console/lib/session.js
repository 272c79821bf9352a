// The admin key of this tab. Not a cookie: cookies of 127.0.0.1 go to whatever listens on any other port of it, and come by themselves
// with requests that other pages make. sessionStorage belongs to this address and port alone and ends with the tab.
const name = 'sluice.admin-key';

export const key = () => sessionStorage.getItem(name);
export const open = (adminKey) => sessionStorage.setItem(name, adminKey);
export const close = () => sessionStorage.removeItem(name);
