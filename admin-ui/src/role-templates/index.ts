const Page = () => null;

export default { list: Page, create: Page, edit: Page };
