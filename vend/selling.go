package vend

// Sells says that somebody sells this kind at all; what of it is on sale now, the
// shelf knows. A provider that does not say what it can do is taken to do everything.
func (s *Service) Sells(k Kind) bool {
	c, says := s.provider.(Capable)
	return !says || c.Can(k).Sells
}
