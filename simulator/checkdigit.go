package simulator

// CheckDigit is the digit that belongs behind a string of digits by Luhn's method,
// as behind the number of a prepaid meter (IEC 62055-41).
func CheckDigit(digits string) byte {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			d *= 2
			if d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return '0' + byte((10-sum%10)%10)
}
