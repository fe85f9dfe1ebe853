// What is rejected, in a comment: 'the question'.
const one = store.questions.get(`a ${store.questions.size} b ${[`the ${'old workflow'}`]}`);
const two = h('p', {}, 'Nothing was stopped: ' + question);
const three = 'it\'s a question';
