import * as language from './language.js';
import * as orders from './orders.js';
import * as parcels from './parcels.js';
import * as pricing from './pricing.js';
import * as rows from './rows.js';
import * as stock from './stock.js';

// One handler for all: what tells its bugs apart is what it calls.
export function handle(action, basket) {
  switch (action) {
    case 'discountUnknownCoupon': orders.placeOrder({ ...basket, coupon: 'winter' }); break;
    case 'discountWithoutPercent': orders.placeOrder({ ...basket, coupon: 'summer' }); break;
    case 'orderWithoutCustomer': orders.placeOrder({ ...basket, customer: '' }); break;
    case 'refundWithoutCustomer': orders.refund({ ...basket, customer: null }); break;
    case 'reserve': orders.reserve(basket); break;
    case 'cancel': orders.cancel(basket); break;
    case 'badPrice': rows.parseRow({ ...basket, priceText: basket.localePrice }); break;
    case 'badDate': rows.parseRow({ ...basket, priceText: '1' }); break;
    case 'settings': rows.readSettings('{'.repeat(1 + basket.id % 7)); break;
    case 'orderLines': rows.readOrders('[]\n[' + '1,'.repeat(basket.id % 7)); break;
    case 'tax': pricing.tax(basket); break;
    case 'convert': new pricing.Rates(basket).convert(basket.id); break;
    case 'stockUnreachable': stock.loadStock(basket); break;
    case 'stockGarbled': stock.loadStock(basket, '<html>'); break;
    case 'categories': stock.walk(stock.tree(2 * (basket.id % 9)), 1 + 2 * (basket.id % 9)); break;
    case 'parity': stock.isEven(1e7 + basket.id); break;
    case 'warehouseCall': stock.callWarehouse(); break;
    case 'mailerCall': stock.callMailer(); break;
    case 'warehouses': stock.askAll(1 + basket.id % 4); break;
    case 'apiOrder': orders.loadOrder(basket); break;
    case 'apiPrice': orders.loadPrice(basket); break;
    case 'generator': [...rows.prices(basket)]; break;
    case 'destructured': rows.total(basket); break;
    case 'subscribed': orders.publish(basket); break;
    case 'sorted': stock.sorted(basket); break;
    case 'circular': parcels.circular(basket); break;
    case 'privateMethod': parcels.privateMethod(basket); break;
    case 'staticMethod': parcels.staticMethod(basket); break;
    case 'emptyReduce': parcels.emptyReduce(basket); break;
    case 'invalidDate': parcels.invalidDate(basket); break;
    case 'badUri': parcels.badUri(basket); break;
    case 'mixedNumbers': parcels.mixedNumbers(basket); break;
    case 'notAFunction': parcels.notAFunction(basket); break;
    case 'missingGlobal': language.missingGlobal(basket); break;
    case 'notIterable': language.notIterable(basket); break;
    case 'inNumber': language.inNumber(basket); break;
    case 'badPattern': language.badPattern(basket); break;
    case 'negativeRepeat': language.negativeRepeat(basket); break;
    case 'tooManyDigits': language.tooManyDigits(basket); break;
    case 'badLength': language.badLength(basket); break;
    case 'symbolText': language.symbolText(basket); break;
    case 'answeredNull': language.answeredNull(basket); break;
    case 'shipWithoutAddress': orders.ship({ ...basket, address: '' }); break;
    case 'shipWithoutLines': orders.ship({ ...basket, lines: [] }); break;
  }
}

export async function handleAsync(action, basket) {
  switch (action) {
    case 'discountUnknownCoupon': await orders.placeOrderAsync({ ...basket, coupon: 'winter' }); break;
    case 'discountWithoutPercent': await orders.placeOrderAsync({ ...basket, coupon: 'summer' }); break;
    case 'orderWithoutCustomer': await orders.placeOrderAsync({ ...basket, customer: '' }); break;
  }
}

export const actions = ['missingGlobal', 'notIterable', 'inNumber', 'badPattern', 'negativeRepeat', 'tooManyDigits', 'badLength', 'symbolText', 'answeredNull', 'circular', 'privateMethod', 'staticMethod', 'emptyReduce', 'invalidDate', 'badUri', 'mixedNumbers', 'notAFunction', 'discountUnknownCoupon', 'discountWithoutPercent', 'orderWithoutCustomer', 'refundWithoutCustomer', 'reserve', 'cancel', 'badPrice', 'badDate', 'settings', 'orderLines', 'tax', 'convert', 'stockUnreachable', 'stockGarbled', 'categories', 'parity', 'warehouseCall', 'mailerCall', 'warehouses', 'apiOrder', 'apiPrice', 'generator', 'destructured', 'subscribed', 'sorted'];
export const asynchronousActions = ['discountUnknownCoupon', 'discountWithoutPercent', 'orderWithoutCustomer'];
// Where nothing that stays from release to release tells two bugs apart.
export const hardActions = ['shipWithoutAddress', 'shipWithoutLines'];

export const messages = {
  messagePaid: basket => `${basket.mail} paid ${basket.localeNumber} for ${basket.id} on ${basket.at}`,
  messageAddress: basket => `Too many requests from ${basket.address}, session ${basket.token}`,
  messageFile: basket => `Import of ${basket.path} took ${basket.duration}`,
};

export const hardMessages = {
  messageNotFound: () => 'partner answered 404',
  messageBroken: () => 'partner answered 503',
};
