test('it\'s there, and goes on', () => {});
